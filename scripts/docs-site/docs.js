// The list of the search joins what contains and what is contained with a dot, as code does. Sections of a guide are no code.
const results = document.getElementById('tsd-search-results');
new MutationObserver(() => {
  for (const parent of results.querySelectorAll('a:has(use[href="#icon-8388608"]) .parent')) {
    const dot = parent.lastChild;
    if (dot?.nodeValue?.endsWith('.')) dot.nodeValue = `${dot.nodeValue.slice(0, -1)} › `;
  }
}).observe(results, { childList: true });
