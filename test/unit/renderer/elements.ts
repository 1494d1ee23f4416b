import { Children, isValidElement, type ElementType, type ReactElement, type ReactNode } from 'react';

// oxlint-disable-next-line typescript/no-explicit-any -- of any component; a spec reads what it is about
type Part = ReactElement<any>;

/** The parts of that type in what a component returned, as they are handed their props: parts are not drawn themselves. */
export function partsIn(node: ReactNode, type: ElementType): Part[] {
  return Children.toArray(node).flatMap((each) => {
    if (!isValidElement<{ children?: ReactNode }>(each)) return [];
    return [...(each.type === type ? [each] : []), ...partsIn(each.props.children, type)];
  });
}
