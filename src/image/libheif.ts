/** @file Of libheif's interface in `libheif-js`, what is used here. Handles are opaque and must be given back. */

interface Failure {
  code: unknown;
  message?: string;
}

interface DecodedImage {
  image: object;
  channels: { width: number; height: number; /** Bytes of a row. */ stride: number; data: Uint8Array }[];
}

export interface LibHeif {
  heif_error_code: { heif_error_Ok: unknown };
  heif_colorspace: { heif_colorspace_RGB: unknown };
  heif_chroma: { heif_chroma_interleaved_RGB: unknown; heif_chroma_interleaved_RGBA: unknown };
  heif_context_alloc(): object;
  heif_context_free(context: object): void;
  heif_context_read_from_memory(context: object, bytes: Uint8Array): Failure;
  heif_js_context_get_primary_image_handle(context: object): object | Failure;
  heif_js_decode_image2(handle: object, colorspace: unknown, chroma: unknown): Promise<DecodedImage | Failure>;
  heif_image_release(image: object): void;
  heif_image_handle_release(handle: object): void;
}
