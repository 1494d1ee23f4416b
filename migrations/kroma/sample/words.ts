import type { Random } from './random.ts';

/** Invented, friendly content in several languages: text that needs more than ASCII must survive an upgrade too. */
export const scenes = [
  'pier', 'lantern_alley', 'bakery', 'tram_stop', 'rooftop', 'river_bank', 'greenhouse', 'library', 'market', 'lighthouse',
  'orchard', 'ferry', 'bridge', 'attic', 'teahouse', 'post_office', 'canal', 'observatory',
] as const; // prettier-ignore

const subjects = [
  'A fox postman with a blue scarf',
  'Two otters sharing an umbrella',
  '提灯を持ったたぬき',
  'Ein Bär mit Backblech und Schürze',
  'Una gata que cuida el faro',
  'Лиса с фонарём и стопкой писем',
  'Un hérisson sur un vélo trop grand',
  '안개 속의 작은 나룻배',
  'قطة تنظر إلى القمر من النافذة',
  'Uma garça à espera do barco',
  'Jeżyk z koszem jabłek',
  'An empty bench under a chestnut tree',
] as const;

const moods = [
  'soft ink wash, quiet street',
  'warm window light, first snow',
  '雨上がり、水たまりに空が映る',
  'Morgennebel, ganz zarte Farben',
  'luz de atardecer, mucho cielo',
  'мокрая мостовая, редкие огни',
  'papier grainé, encre légère',
  'bold outlines, "picture book" feel',
  "grandmother's kitchen, 100% cosy",
  'night rain — reflections everywhere',
] as const;

const chatLines = [
  'Could you make the lantern a little warmer? 🏮',
  '二枚目の候補が一番好きです。',
  'Der Hintergrund ist mir noch zu unruhig.',
  'Perfecto, así me gusta. Gracias 😊',
  'Оставим туман, он очень красивый.',
  'Please redo panel 3 with the same fox as in panel 1.',
  "Let's keep the grain, but less of it.",
  'On garde la version avec le vélo rouge ?',
  'Done. The guard was happy with all but one picture.',
  'Queue the night version as well, please.',
] as const;

export const prompt = (random: Random): string => `${random.pick(subjects)}, ${random.pick(moods)}.`;
export const chatLine = (random: Random): string => random.pick(chatLines);
export const mood = (random: Random): string => random.pick(moods);
