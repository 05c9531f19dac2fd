import { statSync } from 'node:fs';
import type { Configuration } from '../app/configuration/settings.ts';
import type { DataHolder } from '../app/create-data-holder.ts';
import { type CertificateFiles, readTlsMaterial } from '../app/listener-material.ts';
import type { HttpServer } from '../http/create-server.ts';

/** Where renewals are told; a pino logger fits. */
interface CertificateLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const LOOK_EVERY_MS = 2_000;

/** Puts renewed certificate files into service without a restart. A pair that does not fit leaves the old one. */
export function watchCertificates(
  configuration: Configuration,
  { server, mtlsServer }: Pick<DataHolder, 'server' | 'mtlsServer'>,
  logger: CertificateLog,
): () => void {
  const watched = [
    watch(server, configuration.tls, false, logger),
    ...(mtlsServer ? [watch(mtlsServer, configuration.mtls, true, logger)] : []),
  ];
  const timer = setInterval(() => {
    for (const look of watched) look();
  }, LOOK_EVERY_MS).unref();
  return () => clearInterval(timer);
}

function watch(
  server: HttpServer,
  files: CertificateFiles,
  requestClientCertificate: boolean,
  logger: CertificateLog,
): () => void {
  let served = versionOf(files);
  let failed: string | undefined;
  return () => {
    const version = versionOf(files);
    if (version === served || version === failed) return;
    try {
      const { tls } = readTlsMaterial(files, requestClientCertificate);
      if (tls) server.replaceCertificate(tls);
      served = version;
      logger.info({ certificate: files.certificate }, 'a renewed certificate is in service');
    } catch (error) {
      failed = version;
      logger.error({ err: error }, 'a renewed certificate cannot be used; the old one stays in service');
    }
  };
}

function versionOf({ certificate, key }: CertificateFiles): string {
  return [certificate, key]
    .map((file) => {
      const found = file === undefined ? undefined : statSync(file, { throwIfNoEntry: false });
      return found ? `${found.mtimeMs}:${found.size}:${found.ino}` : '';
    })
    .join(' ');
}
