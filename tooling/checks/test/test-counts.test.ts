import { expect, test } from 'vitest';
import { closingLine, countTests, measurements } from '../src/test-counts.ts';

const none = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] };

test('counts of all reports are added up, todo counts as skipped', () => {
  const first = { ...none, numPassedTests: 3, numPendingTests: 1 };
  const second = { ...none, numPassedTests: 4, numFailedTests: 2, numTodoTests: 1 };
  expect(closingLine(countTests([first, second]))).toBe('7 passed, 2 failed, 2 skipped');
});

test('a file that fails without a failed test counts as one failed', () => {
  const broken = { ...none, testResults: [{ status: 'failed', assertionResults: [] }] };
  const failing = {
    ...none,
    numFailedTests: 1,
    testResults: [{ status: 'failed', assertionResults: [{ status: 'failed' }] }],
  };
  expect(countTests([broken, failing])).toEqual({ passed: 0, failed: 2, skipped: 0 });
});

test('without a test the line is still complete', () => {
  expect(closingLine(countTests([]))).toBe('0 passed, 0 failed, 0 skipped');
});

test('what tests have measured is said', () => {
  const measured = 'a page loads 1 octet';
  const assertionResults = [
    { status: 'passed', meta: { measured } },
    { status: 'passed', meta: {} },
    { status: 'passed' },
  ];
  expect(measurements([none, { ...none, testResults: [{ status: 'passed', assertionResults }] }])).toEqual([
    measured,
  ]);
});
