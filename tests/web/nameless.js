/** What can be used and seen, but has no name for a screen reader to say. */
() =>
  [...document.querySelectorAll('button, a[href], input, select, textarea, [role=img], dialog, progress')]
    .filter((element) => element.checkVisibility({ visibilityProperty: true }))
    .filter((element) => !(element.ariaLabel || element.labels?.length || element.textContent.trim() || element.alt))
    .map((element) => element.outerHTML.slice(0, 120));
