// Names and what they are as one element; what stands in it is set as text.
export default {
  template: `
    <dl class="facts">
      <template v-for="[name, value] in rows"><dt>{{ name }}</dt><dd>{{ value }}</dd></template>
    </dl>
  `,
  props: { rows: Array },
};
