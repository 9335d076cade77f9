/* Draws again only when a property changed. */
import { Component, h, type FunctionComponent } from "preact";

export function memo<P extends object>(Inner: FunctionComponent<P>): FunctionComponent<P> {
    class Memo extends Component<P> {
        override shouldComponentUpdate(next: P): boolean {
            const now = this.props as P;
            const names = new Set([...Object.keys(now), ...Object.keys(next)]) as Set<keyof P>;
            for (const name of names) {
                if (!Object.is(now[name], next[name])) {
                    return true;
                }
            }
            return false;
        }

        override render() {
            return h(Inner, this.props as P);
        }
    }
    return Memo as unknown as FunctionComponent<P>;
}
