// A page of measurements as one element; what stands in it is set as text.
export default {
  template: `
    <table class="table">
      <thead><tr><th v-for="each in header" scope="col">{{ each }}</th></tr></thead>
      <tbody>
        <tr v-for="row in rows" :key="row.id">
          <td v-for="(cell, place) in row.cells" :data-label="header[place]">{{ cell }}</td>
          <td><a v-for="each in row.files" :key="each.sha256" class="nicegui-link" :href="'/files/' + each.sha256">{{
            each.name }}</a></td>
          <td><q-btn v-if="row.label" flat dense icon="edit" :aria-label="row.label" @click="$emit('correct', row.id)" /></td>
        </tr>
      </tbody>
    </table>
  `,
  props: { header: Array, rows: Array },
  emits: ["correct"],
};
