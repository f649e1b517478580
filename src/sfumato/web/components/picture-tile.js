/** One picture in the gallery; shown anew for another picture as the list scrolls. */

/** @import {Picture} from '../types.js' */

import { choices, PICKED, REJECTED } from '../data/choices.js';
import { thumbnailOf } from '../data/client.js';
import { nameOf } from '../data/naming.js';
import { css, fill, h, style } from '../dom.js';
import { icon } from '../icons.js';
import { t } from '../texts.js';

style(css`
  picture-tile {
    border-radius: var(--round);
    background: var(--well);
    overflow: hidden;
    cursor: pointer;
    contain: strict;
    user-select: none;
    img {
      width: 100%;
      height: 100%;
      object-fit: contain;
      transition:
        transform var(--calm),
        opacity var(--quick);
    }
    &:hover img {
      transform: scale(1.025);
    }
    .choose {
      position: absolute;
      top: var(--s2);
      left: var(--s2);
      display: grid;
      place-items: center;
      width: 26px;
      height: 26px;
      border-radius: 50%;
      border: 1.5px solid var(--edge);
      background: var(--veil);
      opacity: 0;
      transition: opacity var(--quick);
      svg {
        opacity: 0;
      }
    }
    &:hover .choose,
    &.at .choose {
      opacity: 1;
    }
    &[aria-selected='true'] {
      box-shadow: 0 0 0 3px var(--accent);
      .choose {
        opacity: 1;
        background: var(--accent);
        border-color: var(--accent);
        color: var(--on-accent);
        svg {
          opacity: 1;
        }
      }
    }
    &.rejected img {
      opacity: 0.3;
    }
    .marks {
      position: absolute;
      bottom: var(--s2);
      left: var(--s2);
      display: flex;
      gap: 2px;
      align-items: center;
      padding: 1px 7px;
      border-radius: 99px;
      background: var(--veil);
      color: var(--star);
      font-size: var(--small);
      letter-spacing: 1px;
      &:empty {
        display: none;
      }
      svg {
        color: var(--good);
      }
      .no {
        color: var(--wrong);
      }
    }
    @media (hover: none) {
      .choose {
        opacity: 0.85;
        width: 32px;
        height: 32px;
      }
    }
  }
  picture-grid:focus-visible:has(.at) {
    outline: none;
  }
  picture-grid:focus-visible picture-tile.at {
    outline: 2px solid var(--accent);
    outline-offset: -2px;
  }
`);

export class PictureTile extends HTMLElement {
  /** @type {Picture | undefined} */
  picture;

  place = 0;

  /** What is shown, so that nothing is done twice. @type {string | undefined} */
  state;

  constructor() {
    super();
    this.image = h('img', { alt: '', decoding: 'async', draggable: 'false' });
    this.marks = h('span', { class: 'marks' });
  }

  connectedCallback() {
    if (this.firstChild) return;
    this.setAttribute('role', 'option');
    fill(this, this.image, h('span', { class: 'choose' }, icon('check', 16)), this.marks);
  }

  /** Which picture's thumbnail is asked for. @type {number | undefined} */
  loaded;

  /** @param {Picture | undefined} picture @param {boolean} passing so quickly that nobody sees it: it is not loaded */
  load(picture, passing) {
    if (this.loaded === picture?.id) return;
    this.loaded = passing ? undefined : picture?.id;
    if (!picture || passing) this.image.removeAttribute('src');
    else this.image.src = thumbnailOf(picture.id);
  }

  /** @param {Picture | undefined} picture undefined: not here yet @param {number} place @param {number} total @param {boolean} at @param {boolean} passing */
  show(picture, place, total, at, passing) {
    this.load(picture, passing);
    this.place = place;
    this.id = `picture-at-${place}`;
    this.classList.toggle('at', at);
    this.ariaPosInSet = String(place + 1);
    this.ariaSetSize = String(total);
    const chosen = picture !== undefined && choices.selected.has(picture.id);
    this.ariaSelected = String(chosen);
    const state = picture && `${picture.id} ${picture.rating} ${picture.tags}`;
    if (state === this.state) return;
    this.state = state;
    this.picture = picture;
    const [picked, rejected] = [picture?.tags.includes(PICKED), picture?.tags.includes(REJECTED)];
    this.classList.toggle('rejected', Boolean(rejected));
    const stars = '★'.repeat(picture?.rating ?? 0);
    fill(
      this.marks,
      picked && icon('pick', 15),
      rejected && h('span', { class: 'no' }, icon('reject', 15)),
      stars || null,
    );
    const said = [
      picked && t.gallery.marks.picked,
      rejected && t.gallery.marks.rejected,
      stars && t.gallery.marks.rating(stars.length),
    ];
    this.ariaLabel = picture
      ? [t.gallery.picture(nameOf(picture.recipe), picture.recipe.seed), ...said].filter(Boolean).join(', ')
      : '';
  }
}

customElements.define('picture-tile', PictureTile);
