import { fileURLToPath } from 'node:url';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

// The page lives on the daemon's origin; in development Vite stands in front of it.
const daemon = process.env.ORCHESTRA_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  server: {
    host: '127.0.0.1',
    port: 5173,
    // The daemon checks Host and Origin against exact lists, so both are rewritten to its own.
    proxy: {
      '/api': { target: daemon, changeOrigin: true, headers: { origin: daemon } },
      '/player.html': { target: daemon, changeOrigin: true },
      '/ws': { target: daemon, changeOrigin: true, ws: true, headers: { origin: daemon } },
    },
  },
  build: {
    target: 'es2023',
    sourcemap: false,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true,
  },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.{ts,tsx}'],
    restoreMocks: true,
  },
});
