// Of models-address.html alone. Before anything else runs, the page's policy is narrowed to the one site that the visitor
// chose on the page before (demo/models/reach.ts). A policy can only be made stricter, and where nothing was chosen this
// site alone is left.
let chosen = '';
try {
  const { origin, protocol } = new URL(sessionStorage.getItem('models-address'));
  if (/^https?:$/.test(protocol)) chosen = origin;
} catch {
  // Nothing was chosen, or storage is forbidden.
}
const policy = document.createElement('meta');
policy.httpEquiv = 'Content-Security-Policy';
policy.content = `connect-src 'self' blob: ${chosen}`;
document.head.append(policy);
