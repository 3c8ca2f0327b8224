/** Asks for files that a later script will want, so that they come beside it and not after it. */

export function askEarly(files: Readonly<Record<string, "modulepreload" | "prefetch">>): void {
  for (const [address, kind] of Object.entries(files)) {
    const link = document.createElement("link");
    link.rel = kind;
    link.href = address;
    document.head.append(link);
  }
}
