// A table of texts as one element: what stands in it is set as text, and a hundred rows cost as little as one.
export default {
  template: `
    <table class="table">
      <caption v-if="caption">{{ caption }}</caption>
      <thead><tr><th v-for="each in header" scope="col">{{ each }}</th></tr></thead>
      <tbody><tr v-for="row in rows"><td v-for="(cell, place) in row" :data-label="header[place]">{{ cell }}</td></tr></tbody>
    </table>
  `,
  props: { caption: String, header: Array, rows: Array },
};
