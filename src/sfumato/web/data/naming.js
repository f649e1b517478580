/** What a picture is called: by its words, or where it was made without any, by what was done. */

import { t } from '../texts.js';

/** @param {string} operation */
export const wayOf = (operation) => Reflect.get(t.picture.operations, operation) ?? operation;

/** What a control picture is, as `pose`. @param {string} kind */
export const kindOfControl = (kind) => Reflect.get(t.picture.controls, kind) ?? kind;

/** @param {{prompt: string, operation: string}} recipe */
export const nameOf = ({ prompt, operation }) => prompt || wayOf(operation);
