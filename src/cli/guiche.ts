import { readFileSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import { SETTINGS, type Setting } from '../app/configuration/settings.ts';

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
      outputError: (text, write) => write(`guiche: ${text.replace(/^error: /, '').trim().replaceAll('\n', ' ')}\n`),
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

  try {
    await program.parseAsync(argv as string[]);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode =
      error.exitCode === 0 || error.code === 'commander.help' ? helpStatus(error, argv) : BAD_USAGE;
  }
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
