// The aliases first, because Node resolves imports before it runs anything.
import '../../support/engine/aliases.mjs';

await import('./main.ts');
