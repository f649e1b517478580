/** What a picture is called: by its words, or where it was made without any, by what was done. */

import { t } from '../texts.js';

/** Whether a picture is another as it is, after more finishing steps. @param {{operation: string, strength?: number}} recipe */
export const isFinished = ({ operation, strength }) => operation === 'image-to-image' && strength === 0;

/** What was done. @param {{operation: string, strength?: number}} recipe */
export const wayOf = (recipe) =>
  isFinished(recipe) ? t.picture.finished : (Reflect.get(t.picture.operations, recipe.operation) ?? recipe.operation);

/** What a control picture is, as `pose`. @param {string} kind */
export const kindOfControl = (kind) => Reflect.get(t.picture.controls, kind) ?? kind;

/** @param {{prompt: string, operation: string, strength?: number}} recipe */
export const nameOf = (recipe) => recipe.prompt || wayOf(recipe);
