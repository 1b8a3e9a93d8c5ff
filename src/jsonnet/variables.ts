import { type Frame, type Run, type Slot, Thunk } from './values.js';

/** The frame `hops` frames out. */
export function outer(frame: Frame, hops: number): Frame {
  let found = frame;
  for (let i = 0; i < hops; i++) found = found[0] as Frame;
  return found;
}

/** Reads a variable, replacing a put-off value by its value once that is known. */
export function readSlot(hops: number, slot: number): Run {
  if (hops === 0) {
    return (frame) => {
      const value = frame[slot] as Slot;
      if (!(value instanceof Thunk)) return value;
      const forced = value.force();
      frame[slot] = forced;
      return forced;
    };
  }
  if (hops === 1) {
    return (frame) => {
      const home = frame[0] as Frame;
      const value = home[slot] as Slot;
      if (!(value instanceof Thunk)) return value;
      const forced = value.force();
      home[slot] = forced;
      return forced;
    };
  }
  if (hops === 2) {
    return (frame) => {
      const home = (frame[0] as Frame)[0] as Frame;
      const value = home[slot] as Slot;
      if (!(value instanceof Thunk)) return value;
      const forced = value.force();
      home[slot] = forced;
      return forced;
    };
  }
  return (frame) => {
    const home = outer(frame, hops);
    const value = home[slot] as Slot;
    if (!(value instanceof Thunk)) return value;
    const forced = value.force();
    home[slot] = forced;
    return forced;
  };
}
