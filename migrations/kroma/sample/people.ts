import type { Clock } from './clock.ts';
import type { Random } from './random.ts';
import { json, type WriteRow } from './rows.ts';

export interface Project {
  readonly id: string;
  readonly ownerId: string;
  readonly slug: string;
  /** Where its files are, as paths in the database begin. */
  readonly root: string;
  /** How many runs it gets. */
  readonly runs: number;
  readonly hasSecrets: boolean;
}

const users = [
  { username: 'polarfuchs', display_name: 'Atelier Polarfuchs 🦊', email: 'atelier@polarfuchs.example' },
  { username: 'komorebi', display_name: 'スタジオこもれび', email: null },
  { username: 'faro_azul', display_name: 'Taller Faro Azul', email: 'hola@faroazul.example' },
];

/** One entry per way in which real projects store their settings. */
const projects = [
  {
    owner: 0, slug: 'harbour_lights', name: 'Harbour Lights 🏮 — a picture book', runs: 18, hasSecrets: true,
    description: 'Forty pages about a small harbour, a fox and a great many lanterns.',
    settings: json({
      storage: {
        local: { base_dir: 'generated/projects', project_root: '' },
        s3: { enabled: true, bucket: 'polarfuchs-archive', prefix: 'books/harbour', region: 'eu-central-1', profile: 'studio', endpoint_url: 'http://localhost:9000' },
      },
      ui: { theme: 'dark' },
    }),
  },
  {
    owner: 0, slug: 'winter_bakery', name: 'Die Winterbäckerei', runs: 12, hasSecrets: true,
    description: 'Kalenderblätter: zwölf Monate, zwölf Brote.',
    settings: json({ storage: { local: { base_dir: ' generated/projects ', project_root: 'D:\\Kunst\\Winterbäckerei' }, s3: { enabled: 'false', bucket: '' } } }),
  },
  { owner: 1, slug: 'forest_post', name: '森のゆうびん屋さん', runs: 12, hasSecrets: false, description: '', settings: '{}' },
  {
    // The same slug under another user: the same paths, another project.
    owner: 1, slug: 'harbour_lights', name: 'Harbour Lights（下書き）', runs: 5, hasSecrets: false,
    description: 'ラフだけ。本番は polarfuchs さん。',
    settings: '{"storage": {"local": {"base_dir": "art"', // cut off: a crash while saving
  },
  {
    owner: 2, slug: 'gata_del_faro', name: 'La gata del faro', runs: 7, hasSecrets: true,
    description: 'Cuento para dormir. Лунная версия — позже.',
    settings: json({ storage: { local: { base_dir: null, project_root: null }, s3: { enabled: 0, bucket: null, prefix: null } }, locale: 'es' }),
  },
] as const; // prettier-ignore

/** Users, projects and the secrets of some projects. @returns the projects, for what belongs to them. */
export function writePeople(write: WriteRow, random: Random, clock: Clock): Project[] {
  const userIds = users.map((user) => {
    const id = random.uuid();
    write('users', { id, ...user, is_active: 1, created_at: clock.now(), updated_at: clock.now() });
    clock.advance(random.int(40, 4_000));
    return id;
  });
  return projects.map((project) => {
    const id = random.uuid();
    const ownerId = userIds[project.owner] ?? '';
    const { slug, name, description, settings } = project;
    const times = { created_at: clock.now(), updated_at: clock.now() };
    write('projects', {
      id,
      user_id: ownerId,
      slug,
      name,
      description,
      status: 'active',
      settings_json: settings,
      ...times,
    });
    clock.advance(random.int(60, 9_000));
    return {
      id,
      ownerId,
      slug,
      runs: project.runs,
      hasSecrets: project.hasSecrets,
      root: `generated/projects/${slug}`,
    };
  });
}

/** Secrets with invented ciphertext: it decrypts to nothing. */
export function writeSecrets(write: WriteRow, random: Random, clock: Clock, all: readonly Project[]): void {
  for (const project of all.filter(({ hasSecrets }) => hasSecrets)) {
    for (const provider of ['openai', 'removebg'].slice(0, random.int(1, 2))) {
      const times = { created_at: clock.now(), updated_at: clock.now() };
      const values = {
        provider_code: provider,
        secret_name: 'api_key',
        secret_ciphertext: fakeCiphertext(random),
        key_ref: 'local-master',
      };
      write('project_api_secrets', { id: random.uuid(), project_id: project.id, ...values, ...times });
      clock.advance(random.int(10, 90));
    }
  }
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const fakeCiphertext = (random: Random): string =>
  `sample-not-a-key-${Array.from({ length: 96 }, () => random.pick([...alphabet])).join('')}=`;
