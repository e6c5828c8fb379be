// Adds up the test runs of .ci/run and prints what failed; the last line is "N passed, N failed".
// usage: node .ci/summary.mjs <folder>, holding <run>.status and <run>.json (Jest's) of each run, and failed-steps.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const folder = process.argv[2];
const text = (name) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : '');

/** What one Jest run amounts to. A run that ended badly without a failed test has one failure of its own. */
function outcome(run) {
  const status = text(`${run}.status`).trim();
  let report;
  try {
    report = JSON.parse(text(`${run}.json`));
  } catch {
    return { passed: 0, faults: [`${run}: the run ended with ${status} and left no report`] };
  }
  const faults = report.testResults.flatMap((suite) => suiteFaults(run, suite));
  const passed = report.testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter((test) => test.status === 'passed').length;
  if (faults.length === 0 && passed === 0) faults.push(`${run}: no test ran`);
  if (faults.length === 0 && status !== '0') faults.push(`${run}: every test passed, but the run ended with ${status}`);
  return { passed, faults };
}

function suiteFaults(run, suite) {
  const file = relative(process.cwd(), suite.name);
  const faults = suite.assertionResults
    .filter((test) => test.status !== 'passed')
    .map((test) => `${run}: ${test.status === 'failed' ? 'failed' : 'skipped'}: ${file}: ${test.fullName}`);
  if (suite.status === 'failed' && !suite.assertionResults.some((test) => test.status === 'failed')) {
    faults.push(`${run}: failed: ${file} (the file as a whole)`);
  }
  return faults;
}

const runs = readdirSync(folder)
  .filter((name) => name.endsWith('.status'))
  .map((name) => outcome(name.slice(0, -'.status'.length)));
const steps = text('failed-steps').split('\n').filter(Boolean);
const faults = [...steps.map((step) => `step failed: ${step}`), ...runs.flatMap((run) => run.faults)];
if (runs.length === 0) faults.push('no test run took place');
const passed = runs.reduce((sum, run) => sum + run.passed, 0);

for (const fault of faults) console.log(fault);
console.log(`${passed} passed, ${faults.length} failed`);
if (faults.length > 0) process.exitCode = 1;
