'use strict';
// Reads an input log from stdin, runs it through Showdown's own BattleStream, writes the omniscient protocol log.
const fs = require('fs');
const { BattleStream, getPlayerStreams } = require('pokemon-showdown/dist/sim/battle-stream');

async function main() {
  const streams = getPlayerStreams(new BattleStream());
  const errors = [];
  const log = [];
  const listen = async (stream, each) => {
    for await (const chunk of stream) for (const line of chunk.split('\n')) each(line);
  };
  const player = line => { if (line.startsWith('|error|')) errors.push(line); };
  const done = Promise.all([
    listen(streams.p1, player),
    listen(streams.p2, player),
    // The time of day would make two logs of one battle differ.
    listen(streams.omniscient, line => log.push(line.startsWith('|t:|') ? '|t:|0' : line)),
  ]);
  await streams.omniscient.write(fs.readFileSync(0, 'utf8').trimEnd());
  await streams.omniscient.writeEnd();
  await done;
  if (errors.length) throw new Error(errors.join('\n'));
  process.stdout.write(log.join('\n') + '\n');
}

main().catch(error => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
