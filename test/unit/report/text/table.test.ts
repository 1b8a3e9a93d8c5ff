import { describe, expect, it } from 'vitest';
import { renderTable } from '../../../../src/report/text/table.js';

const columns = [
  { title: 'TRIAL' },
  { title: 'AGE', align: 'right' as const },
  { title: 'PORTS' },
  { title: 'CAUSE', flexible: true },
];

describe('renderTable', () => {
  it('aligns columns, numbers to the right, and leaves out those without content', () => {
    const rows = [
      ['a', '12s', '', ''],
      ['long-name', '3m07s', '', 'exit 1'],
    ];
    expect(renderTable(columns, rows, { width: undefined })).toEqual([
      'TRIAL        AGE  CAUSE',
      'a            12s',
      'long-name  3m07s  exit 1',
    ]);
  });

  it('fits a narrow terminal by cutting the flexible column', () => {
    const rows = [['a', '1s', '', 'ImportError: no module named numpy']];
    const lines = renderTable(columns, rows, { width: 30 });
    expect(lines[1]).toBe('a       1s  ImportError: no...');
    expect(Math.max(...lines.map((line) => line.length))).toBe(30);
  });

  it('cuts nothing in a pipe', () => {
    const cause = 'x'.repeat(500);
    expect(renderTable(columns, [['a', '', '', cause]], { width: undefined })[1]).toContain(cause);
  });

  it('colours cells after they were padded, so that columns stay in line', () => {
    const rows = [[{ text: 'a', paint: (text: string) => `<${text}>` }, '1s', '', 'why']];
    expect(renderTable(columns, rows, { width: undefined })[1]).toBe('<a    >   1s  why');
  });

  it('has its titles without rows', () => {
    expect(renderTable(columns, [], { width: undefined })).toEqual(['TRIAL  AGE  PORTS  CAUSE']);
  });
});
