// The aliases first, because Node resolves imports before it runs anything.
import '../engine/aliases.mjs';

await import('./full-disk.ts');
