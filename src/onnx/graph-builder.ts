/**
 * @file Builds an ONNX model node by node. Weights stay in one external file; only shapes and other constants of a
 * few bytes are written into the model itself.
 */

import type { StoredTensor } from '../bundle/manifest';
import { BundleFormatError } from '../errors';
import { DATA_TYPE, type DataType, IR_VERSION, onnx, OPSETS } from './proto';

/** Name of a tensor in the graph. */
export type Value = string;

/** An attribute of a node; ONNX tells integers from floats, JavaScript does not. */
export type Attribute = { int: number } | { float: number } | { ints: readonly number[] } | { graph: object };

export interface NodeOptions {
  attributes?: Record<string, Attribute>;
  /** `com.microsoft` for ONNX Runtime's own operators. */
  domain?: '' | 'com.microsoft';
}

/** A dimension: its length, or the name of a length that is known only at run time. */
export type Dimension = number | string;

export interface GraphBuilderOptions {
  /** Name of the graph. */
  name: string;
  /** `location` of the external data: the weight file's path, relative to the model's folder. */
  weightsPath: string;
  /** What the weight file holds. */
  tensors: readonly StoredTensor[];
}

/** What a block-quantized matrix is multiplied with. */
export interface QuantizedInput {
  /** Name of the weight. */
  weight: string;
  bits: 4 | 8;
  x: Value; // [n, columns]
  columns: number;
}

export class GraphBuilder {
  /** Of every quantized matrix so far. */
  readonly quantizedInputs: QuantizedInput[] = [];
  readonly #options: GraphBuilderOptions;
  readonly #stored: ReadonlyMap<string, StoredTensor>;
  readonly #names = new Set<string>();
  readonly #inputs: object[] = [];
  readonly #outputs: object[] = [];
  #nodes: object[] = [];
  readonly #initializers = new Map<string, object>();

  constructor(options: GraphBuilderOptions) {
    this.#options = options;
    this.#stored = new Map(options.tensors.map((tensor) => [tensor.name, tensor]));
  }

  /** Declares a graph input. */
  input(name: string, type: DataType, shape: readonly Dimension[]): Value {
    this.#claim(name);
    this.#inputs.push(valueInfo(name, type, shape));
    return name;
  }

  /** Declares a value as a graph output; the value's name is the output's name. */
  output(value: Value, type: DataType, shape: readonly Dimension[]): void {
    this.#outputs.push(valueInfo(value, type, shape));
  }

  /** Adds a node with one output, which gets the node's name. An input that is `null` is left out. */
  node(op: string, name: string, inputs: readonly (Value | null)[], options?: NodeOptions): Value {
    this.#add(op, name, inputs, [name], options);
    return name;
  }

  /** Adds a node with the named outputs; an empty name leaves that output out. */
  nodeOutputs(
    op: string,
    name: string,
    inputs: readonly (Value | null)[],
    outputs: readonly string[],
    options?: NodeOptions,
  ): void {
    this.#add(op, name, inputs, outputs, options);
  }

  /**
   * The value of one of two branches, decided as the graph runs: `If`. Branches may use any value made before, and weights.
   * @param condition bool of one element
   * @param branches each makes a float32 value
   */
  either(name: string, condition: Value, branches: { then: () => Value; else: () => Value }): Value {
    const attributes = {
      then_branch: { graph: this.#branch(`${name}.then`, branches.then) },
      else_branch: { graph: this.#branch(`${name}.else`, branches.else) },
    };
    return this.node('If', name, [condition], { attributes });
  }

  /** A small int64 vector inside the model: a shape, a split. // [values.length] */
  int64(name: string, values: readonly number[]): Value {
    if (!this.#initializers.has(name)) {
      this.#claim(name);
      const data = new BigInt64Array(values.map((value) => BigInt(value)));
      this.#initializers.set(name, {
        name,
        dataType: DATA_TYPE.i64,
        dims: [values.length],
        rawData: new Uint8Array(data.buffer),
      });
    }
    return name;
  }

  /** A float32 scalar inside the model. // [] */
  scalar(name: string, value: number): Value {
    return this.float32(name, new Float32Array([value]), []);
  }

  /** A float32 tensor inside the model. // shape */
  float32(name: string, values: Float32Array<ArrayBuffer>, shape: readonly number[]): Value {
    if (!this.#initializers.has(name)) {
      this.#claim(name);
      const rawData = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      this.#initializers.set(name, { name, dataType: DATA_TYPE.f32, dims: [...shape], rawData });
    }
    return name;
  }

  /** Whether a value of that name was made already. */
  has(name: string): boolean {
    return this.#names.has(name);
  }

  /** What the weight file says about a tensor; undefined where it has none of that name. */
  storedInfo(name: string): StoredTensor | undefined {
    return this.#stored.get(name);
  }

  /**
   * A tensor of the weight file.
   * @throws BundleFormatError when the file has no such tensor, or another type or shape.
   */
  stored(name: string, type: StoredTensor['dtype'], shape: readonly number[]): Value {
    const tensor = this.#stored.get(name);
    const where = `weight file "${this.#options.weightsPath}"`;
    if (!tensor) {
      throw new BundleFormatError(`The ${where} lacks the tensor "${name}". Convert the checkpoint again.`, { name });
    }
    if (tensor.dtype !== type || tensor.shape.join() !== shape.join()) {
      throw new BundleFormatError(
        `Tensor "${name}" of the ${where} is ${tensor.dtype} [${tensor.shape}], but the model needs ${type} [${shape}]. ` +
          'Convert the checkpoint again.',
        { name },
      );
    }
    if (!this.#initializers.has(name)) {
      this.#claim(name);
      const entries = { location: this.#options.weightsPath, offset: tensor.offset, length: tensor.bytes };
      this.#initializers.set(name, {
        name,
        dataType: DATA_TYPE[type],
        dims: [...shape],
        dataLocation: onnx.TensorProto.DataLocation.EXTERNAL,
        externalData: Object.entries(entries).map(([key, value]) => ({ key, value: String(value) })),
      });
    }
    return name;
  }

  /**
   * The model as protobuf bytes.
   * @throws BundleFormatError when the weight file holds a tensor that the graph did not use.
   */
  build(): Uint8Array {
    const unused = [...this.#stored.keys()].filter((name) => !this.#initializers.has(name));
    if (unused.length > 0) {
      throw new BundleFormatError(
        `The weight file "${this.#options.weightsPath}" contains tensors that its graph does not use: ` +
          `${unused.slice(0, 5).join(', ')}${unused.length > 5 ? ', …' : ''}. Convert the checkpoint again.`,
        { unused },
      );
    }
    const model = onnx.ModelProto.create({
      irVersion: IR_VERSION,
      producerName: 'vlm2vec-web',
      opsetImport: OPSETS.map((opset) => ({ ...opset })),
      graph: {
        name: this.#options.name,
        input: this.#inputs,
        output: this.#outputs,
        node: this.#nodes,
        initializer: [...this.#initializers.values()],
      },
    });
    return onnx.ModelProto.encode(model).finish();
  }

  #branch(name: string, make: () => Value): object {
    const outer = this.#nodes;
    this.#nodes = [];
    try {
      const output = make();
      return { name, node: this.#nodes, output: [valueInfo(output, 'f32')] };
    } finally {
      this.#nodes = outer;
    }
  }

  #add(
    op: string,
    name: string,
    inputs: readonly (Value | null)[],
    outputs: readonly string[],
    options: NodeOptions = {},
  ): void {
    for (const output of outputs) {
      if (output !== '') this.#claim(output);
    }
    this.#nodes.push({
      opType: op,
      name,
      domain: options.domain ?? '',
      input: inputs.map((input) => input ?? ''),
      output: [...outputs],
      attribute: Object.entries(options.attributes ?? {}).map(([key, value]) => attribute(key, value)),
    });
  }

  #claim(name: string): void {
    if (this.#names.has(name)) throw new Error(`internal: the graph has two tensors named "${name}"`);
    this.#names.add(name);
  }
}

function attribute(name: string, value: Attribute): object {
  const { AttributeType } = onnx.AttributeProto;
  if ('graph' in value) return { name, type: AttributeType.GRAPH, g: value.graph };
  if ('ints' in value) return { name, type: AttributeType.INTS, ints: [...value.ints] };
  return 'int' in value
    ? { name, type: AttributeType.INT, i: value.int }
    : { name, type: AttributeType.FLOAT, f: value.float };
}

function valueInfo(name: string, type: DataType, shape?: readonly Dimension[]): object {
  const dim = shape?.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType: DATA_TYPE[type], ...(dim && { shape: { dim } }) } } };
}
