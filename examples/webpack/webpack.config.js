import HtmlWebpackPlugin from 'html-webpack-plugin';

export default {
  mode: 'production',
  entry: './src/main.ts',
  output: { clean: true },
  module: { rules: [{ test: /\.ts$/, use: 'ts-loader' }] },
  resolve: { extensions: ['.ts', '.js'] },
  plugins: [new HtmlWebpackPlugin({ template: 'src/index.html' })],
  performance: { hints: false }, // the model and ONNX Runtime are larger than what webpack thinks good
};
