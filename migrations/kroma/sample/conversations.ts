import type { Clock } from './clock.ts';
import type { Project } from './people.ts';
import type { Random } from './random.ts';
import { json, type WriteRow } from './rows.ts';
import { chatLine, mood, prompt } from './words.ts';

/** Chat sessions with messages, instructions to the agent with their events, voice requests. */
export function writeConversations(write: WriteRow, random: Random, clock: Clock, projects: readonly Project[]): void {
  for (const project of projects) {
    for (let index = 0; index < random.int(1, 3); index += 1) {
      const session = writeSession(write, random, clock, project, index);
      writeInstruction(write, random, clock, project, session.id, session.lastMessageId);
      if (random.chance(0.7)) writeVoiceRequest(write, random, clock, project, session.id, session.lastMessageId);
    }
  }
}

function writeSession(
  write: WriteRow,
  random: Random,
  clock: Clock,
  project: Project,
  index: number,
): { id: string; lastMessageId: string } {
  const id = random.uuid();
  const created_at = clock.now();
  const titles = ['Panel fixes — round 1', '色の相談', 'Frühlingsfassung', 'Ideas for the cover ✨'];
  const head = {
    id,
    project_id: project.id,
    user_id: project.ownerId,
    title: random.pick(titles),
    status: index === 0 ? 'active' : 'archived',
  };
  clock.advance(random.int(60, 900));
  write('chat_sessions', {
    ...head,
    context_json: json({ focus: mood(random), depth: index }),
    created_at,
    updated_at: clock.now(),
  });
  let lastMessageId = '';
  for (let message = 0; message < random.int(3, 7); message += 1) {
    lastMessageId = random.uuid();
    const role = message % 2 === 0 ? 'user' : 'assistant';
    const usage = role === 'assistant' ? { in: random.int(200, 900), out: random.int(40, 400) } : {};
    const content = {
      content_text: chatLine(random),
      content_json: role === 'user' ? '{}' : json({ blocks: [{ t: mood(random) }] }),
    };
    write('chat_messages', {
      id: lastMessageId,
      session_id: id,
      role,
      ...content,
      token_usage_json: json(usage),
      created_at: clock.now(),
    });
    clock.advance(random.int(20, 200));
  }
  return { id, lastMessageId };
}

function writeInstruction(
  write: WriteRow,
  random: Random,
  clock: Clock,
  project: Project,
  sessionId: string,
  messageId: string,
): void {
  const id = random.uuid();
  const status = random.pick(['queued', 'done', 'done', 'draft', 'failed']);
  const isConfirmed = status !== 'draft';
  const created = clock.now();
  const tries =
    status === 'failed'
      ? { attempts: 3, last_error: 'missing_agent_api_url' }
      : { attempts: status === 'done' ? 1 : 0, last_error: null };
  write('agent_instructions', {
    id,
    project_id: project.id,
    session_id: sessionId,
    message_id: messageId,
    instruction_type: random.pick(['pipeline_run', 'asset_edit', 'qa_check', 'storage_sync', 'custom']),
    payload_json: json({ objective: prompt(random), constraints: { max_candidates: random.int(1, 6) } }),
    status,
    priority: random.pick([10, 100, 100]),
    requires_confirmation: 1,
    confirmed_by_user_id: isConfirmed ? project.ownerId : null,
    queued_at: isConfirmed ? created : null,
    created_at: created,
    updated_at: created,
    ...tries,
  });
  for (const event of [
    'created',
    ...(isConfirmed ? ['confirmed', 'queued'] : []),
    ...(status === 'done' ? ['started', 'result'] : []),
  ]) {
    const payload = json({ status: event, worker_id: 'worker-α' });
    write('agent_instruction_events', {
      id: random.uuid(),
      instruction_id: id,
      event_type: event,
      event_payload_json: payload,
      created_at: clock.now(),
    });
    clock.advance(random.int(1, 40));
  }
}

function writeVoiceRequest(
  write: WriteRow,
  random: Random,
  clock: Clock,
  project: Project,
  sessionId: string,
  messageId: string,
): void {
  const direction = random.pick(['stt', 'tts']);
  const isDone = random.chance(0.6);
  const meta = json({
    mode: isDone ? 'mock' : 'queued',
    [direction === 'stt' ? 'transcript_text' : 'text']: chatLine(random),
  });
  const place = { project_id: project.id, session_id: sessionId, message_id: messageId };
  const state = { status: isDone ? 'done' : 'queued', latency_ms: isDone ? random.int(200, 2_400) : null };
  write('voice_requests', {
    id: random.uuid(),
    ...place,
    direction,
    provider_code: `local_${direction}`,
    ...state,
    meta_json: meta,
    created_at: clock.now(),
  });
}
