/**
 * The shapes that `/api/v1` speaks, as the page reads them. Seeds are text here: they go to 2^64 - 1, beyond what a
 * JavaScript number holds.
 *
 * @typedef {{low: number, high: number, default: number}} Range
 *
 * @typedef {object} Card what a model is and takes; see core/card.py
 * @property {string} name
 * @property {string} title
 * @property {string} about
 * @property {string} knows
 * @property {string} lacks
 * @property {string} licence
 * @property {boolean} commercial
 * @property {number | null} parameters null: not known
 * @property {Record<string, number>} beside parameters of what is loaded with it
 * @property {Record<string, string>} unknown what could not be confirmed
 * @property {string | null} repository on a model hub; null: inside the package
 * @property {string | null} adaptable null: it takes no LoRA
 * @property {string[]} bases
 * @property {string[]} best_for
 * @property {string} licence_note
 * @property {boolean} gated
 * @property {string[]} operations
 * @property {string[]} [controls] kinds of control picture that it follows
 * @property {'classifier-free' | 'distilled' | 'none'} guidance_kind
 * @property {Range} guidance
 * @property {Range} steps
 * @property {string} sampler
 * @property {string} schedule
 * @property {{tokens: number, negative: boolean}} text
 * @property {{multiple: number, low: number, high: number, best: number, shape: string, default: [number, number]}} sizes
 * @property {{scale: 'diffusion' | 'flow'}} noise
 * @property {{suffix: string, names: Record<string, string>} | null} styles
 *
 * @typedef {object} Listing a model that is not painted with by itself; see http/shapes/materials.py
 * @property {string} name
 * @property {string} kind control, reference, upscale, video
 * @property {string} title
 * @property {string} about
 * @property {string} knows
 * @property {string} lacks
 * @property {string[]} best_for
 * @property {string[]} operations
 * @property {string[]} goes_with names of models
 * @property {boolean} used whether anything here works with it yet
 * @property {string[]} controls kinds of control picture
 * @property {boolean} references
 * @property {string} licence
 * @property {string} licence_note
 * @property {boolean} commercial
 * @property {boolean} gated
 * @property {string | null} repository
 * @property {number | null} parameters null: not known
 * @property {number | null} memory bytes; null: not known
 * @property {boolean} here
 * @property {number} bytes on the disk
 *
 * @typedef {{free: number, memory: number | null, gpu: boolean, fits: Record<string, string>}} Machine bytes, and how models fit, by name; see http/shapes/materials.py
 *
 * @typedef {object} Order what is asked; a blank is undefined
 * @property {string} prompt
 * @property {string} [negative]
 * @property {number} [n]
 * @property {string} [model]
 * @property {string} [seed]
 * @property {number} [steps]
 * @property {number} [guidance]
 * @property {number} [rescale]
 * @property {number} [cache] 0 to 1, how many steps may be foretold
 * @property {string} [cache_kind]
 * @property {string} [sampler]
 * @property {string} [schedule]
 * @property {string} [style]
 * @property {number} [width]
 * @property {number} [height]
 * @property {string} [aspect_ratio]
 * @property {number} [megapixels]
 * @property {string} [background]
 * @property {string[]} [loras]
 * @property {string} [preset] a look in words
 * @property {boolean} [expand] let rules say what a short prompt leaves open
 * @property {string[]} [then] finishing steps
 * @property {string} [operation]
 * @property {number | string} [start] a picture's number, or the name of an upload
 * @property {number | string} [mask]
 * @property {'white' | 'black' | 'alpha'} [mask_polarity] what of the mask is painted
 * @property {number} [strength]
 * @property {[number, number, number, number]} [margins] new pixels at the left, top, right and bottom
 * @property {number} [match]
 * @property {string[]} [controls] each as `pose:NAME:0.8:ready`, with the name of an upload
 * @property {string[]} [references] each as `NAME:0.7`
 *
 * @typedef {object} Recipe what is decided for one picture; see core/recipe.py
 * @property {string} operation
 * @property {string} model
 * @property {string} weights
 * @property {string} prompt
 * @property {string | null} negative
 * @property {string | null} style
 * @property {string} seed
 * @property {number} steps
 * @property {number} guidance
 * @property {number} rescale
 * @property {number} [cache]
 * @property {string} [cache_kind]
 * @property {boolean} [fast] whether it was computed in 8 bits
 * @property {string} sampler
 * @property {string} schedule
 * @property {number} width
 * @property {number} height
 * @property {number | null} [painted_width] pixels that the model paints, before finishing
 * @property {number | null} [painted_height]
 * @property {string[]} finish
 * @property {{name: string, weight: number}[]} loras
 * @property {Steering[]} [controls] pictures that it follows
 * @property {{picture: string, weight: number}[]} [references] pictures that it looks at
 * @property {string | null} [asked] the prompt as it was written, where more was read
 * @property {string | null} start sha256 of what it begins with
 * @property {string | null} mask
 * @property {number} strength
 * @property {[number, number, number, number] | null} margins
 * @property {number} match
 * @property {{seed: string | null, prompt: string | null, share: number} | null} toward
 *
 * @typedef {{kind: string, picture: string, weight: number, begin: number, end: number}} Steering picture: sha256 of it
 *
 * @typedef {object} Found what a picture file says; null: it does not say. See exports/readers
 * @property {string | null} source
 * @property {Recipe | null} recipe
 * @property {string[]} unread
 * @property {string | null} problem
 *
 * @typedef {'queued' | 'paused' | 'running' | 'done' | 'failed' | 'cancelled' | 'expired'} State
 *
 * @typedef {object} Job an accepted order; see core/job.py
 * @property {string} id
 * @property {State} state
 * @property {string} priority
 * @property {Recipe[]} recipes
 * @property {Picture[]} pictures those that are finished
 * @property {number[]} dropped places of those that were taken out
 * @property {string[]} warnings
 * @property {string | null} reason
 * @property {number} number which picture is being painted, from 0
 * @property {number} step
 * @property {number} steps
 * @property {number} created seconds since 1970
 * @property {number | null} started
 * @property {number | null} ended
 * @property {number} place grows along waiting jobs of one priority
 *
 * @typedef {object} Errand long work beside painting; see errands/
 * @property {string} id
 * @property {string} kind `pull` or `teach`
 * @property {string} name
 * @property {'waiting' | 'running' | 'done' | 'failed' | 'cancelled'} state
 * @property {string | null} reason
 * @property {string | null} result
 * @property {number} created seconds since 1970
 * @property {number | null} ended
 * @property {string | null} what is being done now
 * @property {number} done of it: bytes, or steps
 * @property {number} of
 *
 * @typedef {{name: string, base: string, trigger: string, pictures: string, created: string, problem: string}} Lora
 *
 * @typedef {{name: string, about: string, prompt: string}} Look
 *
 * @typedef {{name: string, about: string, bytes: number, licence: string, licence_note: string, commercial: boolean, state: 'here' | 'missing' | 'damaged'}} SmallWeights
 *
 * @typedef {{id: number, name: string, number: number, cover: number | null}} Board number: of its pictures
 *
 * @typedef {object} Picture one picture of the library
 * @property {number} id
 * @property {string | null} job that it was painted for
 * @property {number | null} number its place in the job, from 0
 * @property {string} created ISO 8601
 * @property {number} width
 * @property {number} height
 * @property {number} seconds
 * @property {Recipe} recipe
 * @property {number} rating 0: not rated, else 1 to 5
 * @property {string[]} tags
 * @property {string | null} trashed when it was moved to the trash, ISO 8601
 */

export {};
