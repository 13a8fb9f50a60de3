// TypeDoc's list of results joins a container and its member with a dot, as in code. Sections of a guide are not code.
const results = document.getElementById('tsd-search-results');
new MutationObserver(() => {
  for (const parent of results.querySelectorAll('a:has(use[href="#icon-8388608"]) .parent')) {
    const dot = parent.lastChild;
    if (dot?.nodeValue?.endsWith('.')) dot.nodeValue = `${dot.nodeValue.slice(0, -1)} › `;
  }
}).observe(results, { childList: true });
