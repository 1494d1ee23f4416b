import { compactJson, isList, isObject, type Json, type JsonObject } from './run-log-json.ts';
import { firstOf, firstText, numberOf } from './run-log-values.ts';

/** What a run log says that something cost. Nothing is invented: a log without amounts has no costs. */
export interface LogCost {
  readonly providerCode: string;
  readonly operationCode: string;
  readonly units: number;
  readonly costUsd: number;
  readonly currency: string;
  readonly metaJson: string;
}

/** In this order: its list of costs, the cost of the generation, and only where there is neither, the total of the run. */
export function costsOf(log: JsonObject): LogCost[] {
  const listed = log.get('cost_events');
  const costs = isList(listed) ? listed.filter(isObject).map(listedCost) : [];
  const generation = log.get('generation');
  if (isObject(generation) && hasAmount(generation)) costs.push(generationCost(generation));
  if (costs.length === 0 && hasAmount(log)) costs.push(totalCost(log));
  return costs;
}

const hasAmount = (object: JsonObject): boolean => firstOf(object, 'cost_usd', 'amount_cents') !== null;

const listedCost = (cost: JsonObject): LogCost => ({
  providerCode: firstText(cost, 'provider_code', 'provider') || 'unknown',
  operationCode: firstText(cost, 'operation_code', 'operation', 'event_type') || 'legacy_event',
  units: numberOf(firstOf(cost, 'units', 'quantity')) ?? 0,
  costUsd: amountOf(cost),
  currency: firstText(cost, 'currency') || 'USD',
  metaJson: compactJson(cost),
});

const generationCost = (generation: JsonObject): LogCost => ({
  providerCode: firstText(generation, 'provider_code', 'provider') || 'openai',
  operationCode: firstText(generation, 'operation_code', 'operation') || 'image_generation',
  units: numberOf(firstOf(generation, 'units', 'images', 'count')) ?? 0,
  costUsd: amountOf(generation),
  currency: firstText(generation, 'currency') || 'USD',
  metaJson: compactJson(generation),
});

const totalCost = (log: JsonObject): LogCost => ({
  providerCode: 'unknown',
  operationCode: 'run_total',
  units: 1,
  costUsd: amountOf(log),
  currency: firstText(log, 'currency') || 'USD',
  metaJson: compactJson(new Map<string, Json>([['source', 'run_log_top_level']])),
});

/** In dollars, or in whatever currency says. What can't be read is 0. */
function amountOf(object: JsonObject): number {
  const dollars = firstOf(object, 'cost_usd');
  if (dollars !== null) return numberOf(dollars) ?? 0;
  return (numberOf(object.get('amount_cents')) ?? 0) / 100;
}
