import { describe, expect, it } from 'vitest';
import { RestWatch } from '../src/memory-at-rest.ts';

const MIB = 1024 * 1024;

/** A heap whose process uses so much processor time between two looks. */
function heapOf(octets: number) {
  const heap = { now: 0, size: octets, collections: 0 };
  const watch = new RestWatch({
    usedMs: () => heap.now,
    octets: () => heap.size,
    collect() {
      heap.collections += 1;
      heap.size = octets;
    },
  });
  const look = (usedMs: number, times = 1): void => {
    for (let time = 0; time < times; time++) {
      heap.now += usedMs;
      watch.look();
    }
  };
  return { heap, look };
}

describe('memory at rest', () => {
  it('is given back when the heap has grown and two looks found the process at rest', () => {
    const { heap, look } = heapOf(40 * MIB);
    heap.size = 100 * MIB;
    look(900, 5);
    look(10);
    expect(heap.collections).toBe(0);
    look(10);
    expect(heap.collections).toBe(1);
  });

  it('is left alone while there is work, however large the heap is', () => {
    const { heap, look } = heapOf(40 * MIB);
    heap.size = 900 * MIB;
    for (let turn = 0; turn < 20; turn++) {
      look(10);
      look(60);
    }
    expect(heap.collections).toBe(0);
  });

  it('is left alone when the heap has not grown since', () => {
    const { heap, look } = heapOf(40 * MIB);
    heap.size = 55 * MIB;
    look(0, 100);
    expect(heap.collections).toBe(0);
  });

  it('of a large heap is given back when a quarter has come to it', () => {
    const { heap, look } = heapOf(400 * MIB);
    heap.size = 480 * MIB;
    look(0, 20);
    expect(heap.collections).toBe(0);
    heap.size = 500 * MIB;
    look(0, 20);
    expect(heap.collections).toBe(1);
  });

  it('is given back at most every ten looks', () => {
    const { heap, look } = heapOf(40 * MIB);
    for (let second = 0; second < 30; second++) {
      heap.size = 100 * MIB;
      look(0);
    }
    expect(heap.collections).toBe(3);
  });
});
