import { config } from 'zod';

/**
 * To be imported before anything that makes schemas, where a policy forbids to make code from text: zod would try
 * whether it may, and the browser would report that as an attack.
 */
config({ jitless: true });
