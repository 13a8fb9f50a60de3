declare module 'libheif-js/libheif-wasm/libheif-bundle.mjs' {
  const create: () => import('./libheif').LibHeif;
  export default create;
}
