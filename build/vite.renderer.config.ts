import { defineConfig } from 'vite';
import { rendererBundle } from './vite-shared.ts';

export default defineConfig(rendererBundle());
