import type { ByProgram } from './measurement.ts';

/** How figures are written in the tables. */
export const whole = (value: number): string => Math.round(value).toLocaleString('en');
export const decimal = (value: number, digits: number): string => value.toFixed(digits);
export const seconds = (ms: number): string => decimal(ms / 1000, 2);
export const pair = (first: number, second: number): string => `${decimal(first, 1)} / ${decimal(second, 1)}`;
export const total = ({ node, postgres }: ByProgram): number => node + postgres;
export const parts = ({ node, postgres }: ByProgram, digits: number): string =>
  `${decimal(node, digits)} + ${decimal(postgres, digits)}`;
