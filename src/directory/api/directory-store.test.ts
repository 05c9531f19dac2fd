import { describe } from 'node:test';
import { describeDirectoryStore } from '../../../test/support/directory-store-contract.ts';
import { createMemoryDirectoryStore } from '../../../test/support/memory-directory-store.ts';

describe('the directory store in memory', () =>
  describeDirectoryStore(async () => createMemoryDirectoryStore()));
