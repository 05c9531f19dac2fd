import { generateKeyPair, type KeyObject, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import type { CertificateAuthority } from '../../directory/certificate-authority.ts';
import type { IssuedCertificate } from '../../directory/certificate-store.ts';
import type { SandboxFiles } from './sandbox-files.ts';

/** A certificate that is in files, with its key. */
export interface CertificateInFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
  /** PEM chain. */
  readonly certificate: string;
  /** PEM. */
  readonly key: string;
  /** `x5t#S256`. */
  readonly thumbprint: string;
}

const MODULUS_BITS = 2048;

/**
 * The certificate kept under a name, or a new one where there is none, or it is not the authority's any more, was
 * revoked, or is due to be renewed.
 *
 * @param issue asks the authority for a certificate for a public key
 * @param isFit whether a certificate that is there says what is wanted, such as the names of a server
 */
export async function keepCertificate(
  files: SandboxFiles,
  authority: CertificateAuthority,
  name: string,
  issue: (publicKey: KeyObject) => Promise<IssuedCertificate>,
  isFit: (certificate: X509Certificate) => boolean = () => true,
): Promise<CertificateInFiles> {
  const [certificateFile, keyFile] = [`certificates/${name}.pem`, `certificates/${name}.key`];
  const known = files.read(certificateFile);
  const key = files.read(keyFile);
  if (known !== undefined && key !== undefined && (await isCurrent(known))) return inFiles(known, key);

  const pair = await promisify(generateKeyPair)('rsa', { modulusLength: MODULUS_BITS });
  const issued = await issue(pair.publicKey);
  const pem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  files.write(keyFile, pem);
  files.write(certificateFile, issued.chain);
  return inFiles(issued.chain, pem);

  async function isCurrent(chain: string): Promise<boolean> {
    const certificate = new X509Certificate(chain);
    const issued = await authority.find(certificate.serialNumber.toLowerCase());
    return (
      issued !== undefined &&
      issued.revokedAt === undefined &&
      !authority.renewalDue(issued) &&
      isFit(certificate)
    );
  }

  function inFiles(certificate: string, privateKey: string): CertificateInFiles {
    const { fingerprint256 } = new X509Certificate(certificate);
    return {
      certificateFile: files.path(certificateFile),
      keyFile: files.path(keyFile),
      certificate,
      key: privateKey,
      thumbprint: Buffer.from(fingerprint256.replaceAll(':', ''), 'hex').toString('base64url'),
    };
  }
}
