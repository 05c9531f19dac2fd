import { readFileSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import { SETTINGS, type Setting } from '../app/configuration/settings.ts';
import type { OutageAction } from './outage.ts';

/** Exit status of a command that was not called as it should be. */
const BAD_USAGE = 2;

/**
 * Runs the command line. Each command is imported when it is called, so that none waits for another's dependencies.
 * Bad usage is one line on stderr and exit status 2.
 */
export async function runCommandLine(argv: readonly string[]): Promise<void> {
  const program = new Command('guiche')
    .description('Serves Open Finance Brasil and Open Insurance Brasil from contracts and a folder of JSON.')
    .version(readVersion())
    .exitOverride()
    .configureOutput({
      outputError: (text, write) =>
        write(
          `guiche: ${text
            .replace(/^error: /, '')
            .trim()
            .replaceAll('\n', ' ')}\n`,
        ),
    });

  addCommand(program, 'serve', 'starts the service')
    .option('--lenient', 'start although some contract or data file is broken, and serve the others')
    .action(async (options) => {
      const { serve } = await import('./serve.ts');
      await serve({ ...settingFlags(options), lenient: options.lenient === true });
    });

  addCommand(program, 'check', 'loads configuration, contracts and data, and prints every finding')
    .addOption(formatOption())
    .action(async (options) => {
      const { check } = await import('./check.ts');
      process.exitCode = await check({ ...settingFlags(options), format: options.format });
    });

  addCommand(program, 'routes', 'lists the operations of every contract and what answers them')
    .addOption(formatOption())
    .action(async (options) => {
      const { routes } = await import('./routes.ts');
      process.exitCode = await routes({ ...settingFlags(options), format: options.format });
    });

  addCommand(program, 'status', 'asks a running service how it is')
    .addOption(formatOption())
    .action(async (options) => {
      const { status } = await import('./status.ts');
      process.exitCode = await status({ ...settingFlags(options), format: options.format });
    });

  addCommand(
    program,
    'explain',
    'tells why a call was answered as it was, or how a resource came to its state',
  )
    .argument('<ID>', 'an interaction id, or the public id of a resource')
    .addOption(formatOption())
    .action(async (id: string, options) => {
      const { explain } = await import('./explain.ts');
      process.exitCode = await explain({ ...settingFlags(options), format: options.format }, id);
    });

  addOutageCommands(program);
  addConnectorCommands(program);

  addCommand(program, 'sandbox', 'runs a whole ecosystem on this machine: directory, institutions, receivers')
    .addOption(formatOption())
    .action(async (options) => {
      const { sandbox } = await import('./sandbox.ts');
      await sandbox({ ...settingFlags(options), format: options.format });
    });

  addCommand(program, 'directory', 'runs the sandbox directory')
    .addOption(formatOption())
    .action(async (options) => {
      const { directory } = await import('./sandbox.ts');
      await directory({ ...settingFlags(options), format: options.format });
    });

  const ledger = program.command('ledger').description('looks after the ledger of consents');
  addCommand(ledger, 'verify', 'checks that the ledger is whole, and every consent as it says')
    .option('--anchor <SEQ:HASH>', 'head of an earlier verification, which must still be in the ledger')
    .addOption(formatOption())
    .action(async (options) => {
      const { verifyLedger } = await import('./ledger.ts');
      process.exitCode = await verifyLedger({
        ...settingFlags(options),
        format: options.format,
        anchor: options.anchor,
      });
    });

  const keys = program.command('keys').description('looks after the keys in the database');
  addCommand(keys, 'rewrap', 'seals every key with the newest master key, so that older ones can go')
    .addOption(formatOption())
    .action(async (options) => {
      const { rewrapKeys } = await import('./keys.ts');
      process.exitCode = await rewrapKeys({ ...settingFlags(options), format: options.format });
    });

  const person = program.command('person').description('looks after the data of persons');
  addCommand(person, 'erase', 'ends the consents of a person and makes what is personal in them unreadable')
    .requiredOption('--cpf <CPF|->', 'whose; - reads it from standard input')
    .action(async (options) => {
      const { person: erase } = await import('./person.ts');
      process.exitCode = await erase({ ...settingFlags(options), cpf: options.cpf });
    });

  try {
    await program.parseAsync(argv as string[]);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode =
      error.exitCode === 0 || error.code === 'commander.help' ? helpStatus(error, argv) : BAD_USAGE;
  }
}

function addOutageCommands(program: Command): void {
  const outages = program
    .command('outage')
    .description('announces, lists and cancels outages of a running service');
  const run = async (options: Record<string, unknown>, action: OutageAction) => {
    const { outage } = await import('./outage.ts');
    process.exitCode = await outage(
      { ...settingFlags(options), format: options.format as 'text' | 'json' },
      action,
    );
  };

  addCommand(outages, 'add', 'announces an outage')
    .requiredOption(
      '--start <TIME>',
      'when it begins: now, or a time with an offset such as 2026-08-01T01:00:00-03:00',
    )
    .requiredOption('--duration <DURATION>', 'how long it takes, as ISO 8601: PT2H30M')
    .requiredOption('--explanation <TEXT>', 'what receivers and the regulator read, in Portuguese')
    .option('--ecosystem <NAME>', 'the ecosystem concerned (default: all)')
    .option(
      '--endpoint <PATH>',
      'an endpoint concerned; repeatable; without one everything is',
      (value: string, known: string[] | undefined) => [...(known ?? []), value],
    )
    .addOption(formatOption())
    .action((options) => {
      const endpoints: string[] = options.endpoint ?? [];
      const request = {
        startsAt: options.start,
        duration: options.duration,
        explanation: options.explanation,
        ecosystem: options.ecosystem,
        isPartial: endpoints.length > 0,
        endpoints,
      };
      return run(options, { action: 'add', request });
    });
  addCommand(outages, 'list', 'lists outages')
    .addOption(formatOption())
    .action((options) => run(options, { action: 'list' }));
  addCommand(outages, 'cancel', 'cancels an outage')
    .argument('<ID>', 'as `guiche outage list` shows it')
    .addOption(formatOption())
    .action((id: string, options) => run(options, { action: 'cancel', id }));
}

function addConnectorCommands(program: Command): void {
  const connectors = program
    .command('connector')
    .description("looks after connectors to the institution's systems");
  addCommand(connectors, 'test', 'tries a connector case by case')
    .argument('<NAME>', 'as the configuration names it, or an ecosystem for its folder of customers')
    .option('--cpf <CPF>', 'a customer with things of many kinds; - reads it from standard input')
    .option('--cnpj <CNPJ>', 'a company that the customer acts for')
    .option('--other-cpf <CPF>', 'a customer whose things the first must not get')
    .option('--empty-cpf <CPF>', 'a customer who has nothing')
    .option('--unknown-cpf <CPF>', 'nobody')
    .option('--ecosystem <NAME>', 'whose contracts hold, where institutions of both use the connector')
    .addOption(formatOption())
    .action(async (name: string, options) => {
      const { connectorTest } = await import('./connector.ts');
      process.exitCode = await connectorTest(
        {
          ...settingFlags(options),
          format: options.format,
          ecosystem: options.ecosystem,
          documents: {
            cpf: options.cpf,
            cnpj: options.cnpj,
            otherCpf: options.otherCpf,
            emptyCpf: options.emptyCpf,
            unknownCpf: options.unknownCpf,
          },
        },
        name,
      );
    });
}

/** The package file lies as far from the compiled form as from the source. */
function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** Help that was asked for is a success; help shown because no command was named is bad usage. */
function helpStatus(error: CommanderError, argv: readonly string[]): number {
  return error.code === 'commander.help' && argv.length <= 2 ? BAD_USAGE : 0;
}

function formatOption(): Option {
  return new Option('--format <FORMAT>', 'text for people, json for programs')
    .choices(['text', 'json'])
    .default('text');
}

/** Flags of every command: the configuration file and each setting that has a flag. */
function addCommand(program: Command, name: string, description: string): Command {
  const command = program.command(name).description(description).allowExcessArguments(false);
  command.option('--config <FILE>', 'configuration file (default: guiche.yaml in the current folder)');
  for (const { path, flag, kind, meaning } of SETTINGS as readonly Setting[]) {
    if (flag === undefined) continue;
    const text = meaning.replaceAll('`', '');
    const option = new Option(`${flag} <${kind.placeholder}>`, kind.list ? `${text} Repeatable.` : text);
    if (kind.list)
      option.argParser((value: string, known: string[] | undefined) => [...(known ?? []), value]);
    option.attributeName = () => path;
    command.addOption(option);
  }
  return command;
}

interface SettingFlags {
  readonly config: string | undefined;
  readonly flags: Record<string, string | readonly string[]>;
}

function settingFlags(options: Record<string, unknown>): SettingFlags {
  const flags: Record<string, string | readonly string[]> = {};
  for (const { path } of SETTINGS) {
    const value = options[path];
    if (typeof value === 'string' || Array.isArray(value)) flags[path] = value as string | string[];
  }
  return { config: options.config as string | undefined, flags };
}
