import KNN from 'ml-knn';
import { RandomForestClassifier } from 'ml-random-forest';

/** @typedef {import('./folds.js').Samples} Samples */

/**
 * The modes of the simulation: each learns from the training samples and then names the species of the others.
 *
 * @type {Record<string, (training: Samples, features: number[][]) => number[]>}
 */
export const classifiers = {
  /** k nearest neighbours. */
  a(training, features) {
    return new KNN(training.features, training.labels, { k: 7 }).predict(features);
  },

  /** A random forest; the seed makes it grow the same trees every time. */
  b(training, features) {
    const forest = new RandomForestClassifier({
      seed: 7,
      nEstimators: 30,
      maxFeatures: 3,
      replacement: true,
    });
    forest.train(training.features, training.labels);
    return forest.predict(features);
  },
};
