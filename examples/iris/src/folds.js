/**
 * @typedef {object} Samples
 * @property {number[][]} features one row per flower: sepal length, sepal width, petal length, petal width, in cm
 * @property {number[]} labels the species of each flower, as an index into the list of species
 */

export const FOLDS = 5;

/**
 * Splits the samples into those to learn from and those to test with: every fifth sample belongs to the fold.
 * The data are sorted by species, fifty flowers of each, so that each fold holds ten of each.
 *
 * @param {Samples} samples
 * @param {number} fold 0 to 4
 * @returns {{training: Samples, test: Samples}}
 */
export function split(samples, fold) {
  /** @param {(index: number) => boolean} isWanted */
  const pick = (isWanted) => ({
    features: samples.features.filter((_, index) => isWanted(index)),
    labels: samples.labels.filter((_, index) => isWanted(index)),
  });
  return {
    training: pick((index) => index % FOLDS !== fold),
    test: pick((index) => index % FOLDS === fold),
  };
}
