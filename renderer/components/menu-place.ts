/**
 * How menus are opened. Inside of the page's main part, because what a screen reader finds outside of every landmark is
 * hard to come back from. The first choice has the focus (`data-autofocus`): Mantine's own place for it is an element that
 * a menu must not contain.
 */
export const menuPlace = { portalProps: { target: '#main' }, withInitialFocusPlaceholder: false } as const;
