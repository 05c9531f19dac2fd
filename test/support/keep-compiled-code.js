import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// Every test file is a process of its own: what one of them has stripped of its types and compiled is kept for the others.
enableCompileCache(join(import.meta.dirname, '../../node_modules/.cache/guiche-tests'));
