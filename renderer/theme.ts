import {
  ActionIcon,
  Button,
  createTheme,
  Tooltip,
  type CSSVariablesResolver,
  type MantineColorsTuple,
} from '@mantine/core';

/** Filled buttons and links. White on shade 7 is 5.9:1; shade 3 on the dark panel is 6.5:1. */
const ink: MantineColorsTuple = [
  '#eef4fc',
  '#d9e5f6',
  '#b3caec',
  '#8db3ea',
  '#6794d8',
  '#5084d3',
  '#3f78c8',
  '#2f65b0',
  '#24559b',
  '#1a4585',
];

/** Buttons that replace data; outlined ones use shade 7 in light and 3 in dark. */
const stop: MantineColorsTuple = [
  '#fdeeec',
  '#fbd9d5',
  '#f7b3ac',
  '#ff8a82',
  '#e5574d',
  '#d33a30',
  '#c02a20',
  '#ad2018',
  '#931a13',
  '#7a150f',
];

/** Mantine's greys for dark surfaces, in the tint of our own tokens. */
const dark: MantineColorsTuple = [
  '#e3e8ee',
  '#c3ccd6',
  '#a5b0bd',
  '#7d8896',
  '#47515e',
  '#343d48',
  '#252c35',
  '#1a1f26',
  '#13171c',
  '#0e1115',
];

export const theme = createTheme({
  colors: { ink, stop, dark },
  primaryColor: 'ink',
  primaryShade: { light: 7, dark: 7 },
  defaultRadius: 'sm',
  cursorType: 'pointer',
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace',
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '16px', xl: '20px' },
  components: {
    Button: Button.extend({ defaultProps: { size: 'xs' }, styles: { label: { fontWeight: 600, fontSize: 13 } } }),
    ActionIcon: ActionIcon.extend({ defaultProps: { variant: 'subtle', color: 'gray', size: 26 } }),
    // By name: naming the components themselves would put them into the code of the first screen.
    TextInput: { defaultProps: { size: 'xs' } },
    Select: { defaultProps: { size: 'xs', allowDeselect: false } },
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 350, withArrow: true, fz: 12, multiline: true, maw: 420 } }),
  },
});

/** Our own tokens (global.css) become Mantine's, once: its dimmed and placeholder colours miss AA contrast. */
export const cssVariables: CSSVariablesResolver = () => {
  const shared = {
    '--mantine-color-body': 'var(--pw-panel)',
    '--mantine-color-text': 'var(--pw-text)',
    '--mantine-color-dimmed': 'var(--pw-muted)',
    '--mantine-color-placeholder': 'var(--pw-muted)',
    '--mantine-color-default-border': 'var(--pw-line-strong)',
    '--mantine-color-anchor': 'var(--pw-link)',
    '--mantine-color-gray-light-color': 'var(--pw-text)',
  };
  return { variables: {}, light: shared, dark: { ...shared, '--mantine-color-default': 'var(--pw-raised)' } };
};
