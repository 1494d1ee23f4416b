// Loaded before the measured script: notes at the end what the process used.
const { existsSync, readFileSync, writeFileSync } = require('node:fs');

process.on('exit', () => {
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  const usage = { cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, peakMegabytes: peakKilobytes() / 1024 };
  writeFileSync(process.env.PHASEWISE_BENCH_USAGE, JSON.stringify(usage));
});

/** On Linux, maxRSS begins with what the parent used. */
function peakKilobytes() {
  const status = '/proc/self/status';
  const peak = existsSync(status) ? /^VmHWM:\s+(\d+)/m.exec(readFileSync(status, 'utf8')) : null;
  return peak ? Number(peak[1]) : process.resourceUsage().maxRSS;
}
