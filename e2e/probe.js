// A worker script that tries to reach another site, for site.spec.ts.
self.onmessage = async ({ data }) => {
  const answer = await fetch(data).then(
    () => 'reached',
    () => 'blocked',
  );
  self.postMessage(answer);
};
self.postMessage('ready');
