/* Reads a text/event-stream piece by piece. Comments are given too: they are signs of life. */

export interface StreamItem {
    event: string; /* "" for a comment */
    data: string;
    id: string | null;
}

export class StreamReader {
    private rest = "";
    private event = "";
    private data: string[] = [];
    private id: string | null = null;

    /* Takes a piece of the stream and gives what became complete. */
    push(piece: string): StreamItem[] {
        const items: StreamItem[] = [];
        const lines = (this.rest + piece).split("\n");

        this.rest = lines.pop() ?? "";
        for (const raw of lines) {
            this.line(raw.endsWith("\r") ? raw.slice(0, -1) : raw, items);
        }
        return items;
    }

    private line(line: string, items: StreamItem[]): void {
        if (line === "") {
            if (this.data.length > 0) {
                items.push({ event: this.event || "message", data: this.data.join("\n"), id: this.id });
            }
            this.event = "";
            this.data = [];
            return;
        }
        if (line.startsWith(":")) {
            items.push({ event: "", data: line.slice(1).trim(), id: null });
            return;
        }
        const colon = line.indexOf(":");
        const field = colon < 0 ? line : line.slice(0, colon);
        const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
        if (field === "event") {
            this.event = value;
        } else if (field === "data") {
            this.data.push(value);
        } else if (field === "id") {
            this.id = value;
        }
    }
}
