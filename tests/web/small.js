/** What is there to be touched, but smaller than a fingertip: 44 pixels across or down. */
() =>
  [...document.querySelectorAll('button, a[href], select, summary, input:not([type=range])')]
    .filter((element) => element.checkVisibility({ visibilityProperty: true }))
    .filter((element) => !element.matches('.skip, .name, p a')) // for keys; as good as the first place; within words
    .filter((element) => {
      const { width, height } = (element.closest('label') ?? element).getBoundingClientRect();
      return width < 43.5 || height < 43.5;
    })
    .map((element) => element.outerHTML.slice(0, 120));
