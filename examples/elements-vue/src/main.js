import { createApp } from 'vue';
import Animal from './Animal.vue';

createApp(Animal).mount('#app');
