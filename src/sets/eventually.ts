/** Values that may have to be waited for: what is there already costs no promise. */

/** `then` with all the values: at once where they are there. */
export function whenAll<T, R>(
  values: readonly (T | Promise<T>)[],
  then: (all: readonly T[]) => R | Promise<R>,
): R | Promise<R> {
  const isThere = (value: T | Promise<T>): value is T => !(value instanceof Promise);
  if (values.every(isThere)) return then(values);
  return Promise.all(values.map(async (value) => value)).then(then);
}
