// A table of texts as one element: what stands in it is set as text, and a hundred rows cost as little as one.
// A row is known by its words: where one comes in above the others, these stay as they are.
export default {
  template: `
    <table class="table">
      <caption v-if="caption">{{ caption }}</caption>
      <thead><tr><th v-for="each in header" scope="col">{{ each }}</th></tr></thead>
      <tbody><tr v-for="[key, row] in keyed" :key="key"><td v-for="(cell, place) in row" :data-label="header[place]">{{ cell }}</td></tr></tbody>
    </table>
  `,
  props: { caption: String, header: Array, rows: Array },
  computed: {
    keyed() {
      const seen = {};
      return this.rows.map((row) => {
        const words = JSON.stringify(row);
        seen[words] = (seen[words] ?? 0) + 1;
        return [`${words} ${seen[words]}`, row];
      });
    },
  },
};
