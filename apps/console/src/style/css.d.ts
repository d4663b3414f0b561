/** Vite makes a file of it. */
declare module '*.css';
