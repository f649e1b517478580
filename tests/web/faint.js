/**
 * Text that is fainter than WCAG 2.2 level AA allows, https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio. Colours of any
 * kind are turned into sRGB by painting one pixel with them.
 */
() => {
  const canvas = Object.assign(document.createElement('canvas'), { width: 1, height: 1 });
  const pen = canvas.getContext('2d', { willReadFrequently: true });

  const rgba = (colour) => {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data];
  };
  const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const luminance = ([r, g, b]) => 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);

  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      if (colour[3] > 200) return colour;
    }
    return [255, 255, 255, 255];
  };

  const hasText = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
  const isRead = (element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest(':disabled, option');

  return [...document.querySelectorAll('body *')].filter(hasText).filter(isRead).flatMap((element) => {
    const style = getComputedStyle(element);
    if (style.backgroundClip === 'text') return []; // a wordmark
    const [bright, dark] = [luminance(rgba(style.color)), luminance(ground(element))].sort((a, b) => b - a);
    const ratio = (bright + 0.05) / (dark + 0.05);
    const enough = parseFloat(style.fontSize) >= 24 ? 3 : 4.5;
    return ratio < enough ? [`${ratio.toFixed(2)} ${element.localName} ${element.textContent.trim().slice(0, 40)}`] : [];
  });
};
