/** Makes something of the input of this moment, anew only when that has changed. */
export function rememberLast<Input, Output>(
  input: () => Input,
  make: (input: Input) => Output,
): () => Output {
  let last: { readonly input: Input; readonly output: Output } | undefined;
  return () => {
    const current = input();
    if (last?.input !== current) last = { input: current, output: make(current) };
    return last.output;
  };
}
