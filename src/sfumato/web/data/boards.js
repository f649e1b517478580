/**
 * Boards: names under which pictures lie together. Read when first asked for; says `change` when any of it changed.
 *
 * @import {Board} from '../types.js'
 */

import * as client from './client.js';

class Boards extends EventTarget {
  /** By name. @type {Board[]} */
  all = [];

  async load() {
    this.all = await client.boards();
    this.dispatchEvent(new Event('change'));
  }

  /** @param {number | undefined} id */
  get(id) {
    return this.all.find((board) => board.id === id);
  }

  /** @param {string} name */
  async make(name) {
    const made = await client.makeBoard(name);
    await this.load();
    return made;
  }

  /** @param {Board} board @param {string} name */
  async rename(board, name) {
    await client.renameBoard(board.id, name);
    await this.load();
  }

  /** @param {Board} board */
  async remove(board) {
    await client.removeBoard(board.id);
    await this.load();
  }

  /** @param {Board} board @param {number[]} ids @param {boolean} on lay on it, or take from it */
  async lay(board, ids, on) {
    await client.layOnBoard(board.id, on ? { add: ids } : { remove: ids });
    await this.load();
  }
}

export const boards = new Boards();
