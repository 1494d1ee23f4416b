import { createControl } from '@engine/control.ts';
import { runUpgrade } from '@engine/run.ts';
import { CodedError } from '@shared/errors.ts';
import { inputFor } from './run-shop.ts';
import { manyChunks } from './many-chunks.ts';
import { shopPack } from './shop-pack.ts';

/** Another instance of ours: upgrades each file it is sent as soon as it hears of it, and answers with "ok" or the code. */
process.on('message', (file: string) => {
  void upgrade(file).then((answer) => process.send?.(answer));
});
process.send?.('ready');

async function upgrade(file: string): Promise<string> {
  try {
    const input = { ...inputFor(file), runId: `racer-${process.pid}` };
    const report = await runUpgrade(input, {
      packs: [shopPack()],
      control: createControl(),
      emit: () => {},
      tuning: manyChunks,
      lockWaitMs: 50,
    });
    return report.error?.code ?? 'ok';
  } catch (error) {
    return error instanceof CodedError ? error.appError.code : String(error);
  }
}
